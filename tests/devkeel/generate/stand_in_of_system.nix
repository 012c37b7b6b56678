# What `import nixpkgs { … }` gives.
{ system, config }: (import ./stand_in.nix).legacyPackages.${system} // { inherit config; }
