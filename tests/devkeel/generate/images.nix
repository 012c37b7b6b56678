# What images say: of image.nix what dockerTools is given, of container.nix what devenv is.
let
  pkgs = (import ./stand_in.nix).legacyPackages.x86_64-linux // { lib = (import ./stand_in.nix).lib; };
  names = value: if value ? name then value.name else builtins.unsafeDiscardStringContext (toString value);
  of = _: { root, given ? { } }:
    if builtins.pathExists (root + "/container.nix")
    then import (root + "/container.nix") { config.container.isBuilding = true; inherit pkgs; }
    else
      let image = import (root + "/image.nix") ({ inherit pkgs; } // given);
      in image.given // {
        inherit (image) by;
        contents = map names image.given.contents;
        config = image.given.config // { Cmd = map names image.given.config.Cmd; };
      };
in
argument: builtins.mapAttrs of (argument pkgs)
