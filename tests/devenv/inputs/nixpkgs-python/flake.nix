{
  outputs = { nixpkgs, ... }: {
    packages = builtins.mapAttrs (_: pkgs: { "3.12" = pkgs.python3; "3.13" = pkgs.python3; }) nixpkgs.legacyPackages;
  };
}
