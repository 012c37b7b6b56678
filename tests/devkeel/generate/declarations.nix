# What a devenv.nix says, with the packages by their names.
let pkgs = (import ./stand_in.nix).legacyPackages.x86_64-linux;
in builtins.mapAttrs (_: root:
  let said = import (root + "/devenv.nix") { inherit pkgs; inherit (pkgs) lib; config = { }; };
  in said // { packages = map (package: package.name) said.packages or [ ]; })
