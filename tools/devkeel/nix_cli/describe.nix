# What a value is, as JSON can have it: no deeper, no wider and no longer than asked. What JSON has not is a set of one
# name in angle brackets.
{ depth, width, text }:
let
  attempt = left: value:
    let tried = builtins.tryEval (show left value);
    in if tried.success then tried.value else { "<error>" = "it throws"; };
  take = items: builtins.genList (builtins.elemAt items) (if builtins.length items < width then builtins.length items else width);
  more = items: if builtins.length items > width then { "<more>" = builtins.length items - width; } else { };
  derivation = value: {
    "<derivation>" = builtins.mapAttrs (_: attempt 1) {
      name = value.name or null;
      drvPath = value.drvPath or null;
    };
  };
  set = left: value:
    let
      names = builtins.attrNames value;
      # `toJSON` makes the text of these of a whole set (nix, src/libexpr/value-to-json.cc).
      spelt = name: if name == "outPath" || name == "__toString" then "${name} " else name;
      one = name: { name = spelt name; value = attempt (left - 1) value.${name}; };
    in
    if left < 1 then { "<set>" = take names; } // more names
    else builtins.listToAttrs (map one (take names)) // more names;
  list = left: value:
    if left < 1 then { "<list>" = builtins.length value; }
    else map (attempt (left - 1)) (take value) ++ (if builtins.length value > width then [ (more value) ] else [ ]);
  string = value:
    let plain = builtins.unsafeDiscardStringContext value;
    in if builtins.stringLength value <= text then plain
    else { "<string>" = { length = builtins.stringLength value; begins = builtins.substring 0 200 plain; }; };
  show = left: value:
    let kind = builtins.typeOf value; in
    if kind == "string" then string value
    else if kind == "path" then string (toString value)
    else if kind == "lambda" then { "<function>" = builtins.functionArgs value; }
    else if kind == "list" then list left value
    else if kind != "set" then value
    else if value.type or null == "derivation" then derivation value
    else set left value;
in
value: { kind = if value.type or null == "derivation" then "derivation" else builtins.typeOf value; value = show depth value; }
