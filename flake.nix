{
  description = "devkeel";

  # >>> devkeel makes this part (flake b29051ddda37fa65): write above or below it.
  # {"module": "nixos-module.nix", "package": "packaging/package.nix"}
  inputs.nixpkgs.url = "github:cachix/devenv-nixpkgs/rolling";
  inputs.devenv.url = "github:cachix/devenv";
  inputs.devenv.inputs.nixpkgs.follows = "nixpkgs";
  inputs.git-hooks.url = "github:cachix/git-hooks.nix";
  inputs.git-hooks.inputs.nixpkgs.follows = "nixpkgs";

  outputs = inputs@{ self, nixpkgs, ... }:
    let
      systems = [ "x86_64-linux" "aarch64-linux" "x86_64-darwin" "aarch64-darwin" ];
      packages = system: nixpkgs.legacyPackages.${system};
      each = make: nixpkgs.lib.genAttrs systems (system: make system (packages system));
    in
    {
      packages = each (system: pkgs: {
        default = pkgs.callPackage ./packaging/package.nix { };
      });

      devShells = each (system: pkgs: {
        default = inputs.devenv.lib.mkShell {
          inherit inputs pkgs;
          modules = [ ./devenv.nix ];
        };
      });

      checks = each (system: pkgs: {
        package = self.packages.${system}.default;
      });

      nixosModules.default = import ./nixos-module.nix;
    };
  # <<< devkeel (flake)
}
