{ lib }:
rec {
  concatMapStringsSep = separator: f: xs: builtins.concatStringsSep separator (map f xs);
  concatImapStringsSep = separator: f: xs: builtins.concatStringsSep separator (lib.imap1 f xs);
  concatMapStrings = f: concatMapStringsSep "" f;
  concatStrings = builtins.concatStringsSep "";
  concatLines = concatMapStrings (line: line + "\n");
  concatMapAttrsStringSep = separator: f: set: builtins.concatStringsSep separator (lib.mapAttrsToList f set);
  optionalString = condition: text: if condition then text else "";
  hasPrefix = prefix: text: builtins.substring 0 (builtins.stringLength prefix) text == prefix;
  hasSuffix = suffix: text:
    let n = builtins.stringLength suffix; m = builtins.stringLength text; in m >= n && builtins.substring (m - n) n text == suffix;
  hasInfix = infix: text: builtins.length (builtins.split (lib.escapeRegex infix) text) > 1;
  removePrefix = prefix: text:
    if hasPrefix prefix text then builtins.substring (builtins.stringLength prefix) (-1) text else text;
  removeSuffix = suffix: text:
    if hasSuffix suffix text then builtins.substring 0 (builtins.stringLength text - builtins.stringLength suffix) text else text;
  splitString = separator: text: builtins.filter builtins.isString (builtins.split (escapeRegex separator) text);
  stringToCharacters = text: builtins.genList (i: builtins.substring i 1 text) (builtins.stringLength text);
  escape = characters: builtins.replaceStrings characters (map (c: "\\${c}") characters);
  escapeRegex = escape (stringToCharacters "\\[{()^$?*+|.");
  escapeShellArg = value:
    let text = toString value; in
    if builtins.match "[[:alnum:],._+:@%/-]+" text == null then "'${builtins.replaceStrings [ "'" ] [ "'\\''" ] text}'" else text;
  escapeShellArgs = concatMapStringsSep " " escapeShellArg;
  replaceStrings = builtins.replaceStrings;
  toUpper = builtins.replaceStrings (stringToCharacters "abcdefghijklmnopqrstuvwxyz") (stringToCharacters "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
  toLower = builtins.replaceStrings (stringToCharacters "ABCDEFGHIJKLMNOPQRSTUVWXYZ") (stringToCharacters "abcdefghijklmnopqrstuvwxyz");
  trim = text: let found = builtins.match "[[:space:]]*(.*[^[:space:]])[[:space:]]*" text; in if found == null then "" else builtins.head found;
  isString = builtins.isString;

  # The number of single-character edits between two texts, one row of the table at a time.
  levenshtein = a: b:
    let
      as = stringToCharacters a;
      bs = stringToCharacters b;
      next = row: i:
        builtins.foldl'
          (made: j: made ++ [
            (lib.min (lib.min (lib.last made + 1) (builtins.elemAt row (j + 1) + 1))
              (builtins.elemAt row j + (if builtins.elemAt as i == builtins.elemAt bs j then 0 else 1)))
          ])
          [ (i + 1) ]
          (lib.range 0 (builtins.length bs - 1));
    in
    lib.last (builtins.foldl' next (lib.range 0 (builtins.length bs)) (lib.range 0 (builtins.length as - 1)));
}
