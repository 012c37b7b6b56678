# What a machine makes of NixOS modules: { module, config } by name; systemd and the firewall are stubs of NixOS' own.
let
  lib = import ../../devenv/inputs/nixpkgs/lib;
  inherit (lib) mkOption types;
  machine = {
    options.systemd.services = mkOption {
      default = { };
      type = types.attrsOf (types.submodule {
        options = {
          description = mkOption { type = types.str; default = ""; };
          wantedBy = mkOption { type = types.listOf types.str; default = [ ]; };
          wants = mkOption { type = types.listOf types.str; default = [ ]; };
          after = mkOption { type = types.listOf types.str; default = [ ]; };
          environment = mkOption { type = types.attrsOf types.str; default = { }; };
          serviceConfig = mkOption { type = types.attrsOf types.anything; default = { }; };
        };
      });
    };
    options.networking.firewall.allowedTCPPorts = mkOption { type = types.listOf types.port; default = [ ]; };
  };
  pkgs = (import ./stand_in.nix).legacyPackages.x86_64-linux;
  of = _: { module, config }:
    let
      made = lib.evalModules { modules = [ machine module { _module.args = { inherit pkgs; }; } config ]; };
      told = builtins.tryEval (builtins.deepSeq made.config.systemd.services {
        inherit (made.config.systemd) services;
        ports = made.config.networking.firewall.allowedTCPPorts;
        options = builtins.attrNames (builtins.head (builtins.attrValues made.options.services));
      });
    in
    if told.success then builtins.fromJSON (builtins.unsafeDiscardStringContext (builtins.toJSON told.value)) else null;
in
builtins.mapAttrs of
