{ config, lib, pkgs, ... }:

{
  # >>> devkeel makes this part (nixos-module 24743b11e70b5b6e): write above or below it.
  # {"command": ["devkeel", "serve", "--http", "{address}", "--token-file={token}", "--toolsets={toolsets}"], "description": "devkeel, over Streamable HTTP", "loosened": ["ProcSubset", "RestrictNamespaces", "SystemCallFilter"], "name": "devkeel", "options": {"address": {"default": "127.0.0.1:8765", "description": "Where it listens."}, "home": {"type": "path", "default": "/var/lib/devkeel", "variable": "HOME", "description": "Where it and uv keep what they fetch."}, "root": {"type": "path", "variable": "DEVKEEL_ROOT", "description": "The project that it serves."}, "token": {"type": "secret", "description": "The file of the bearer token, which an address beyond loopback wants."}, "toolsets": {"default": "core", "description": "Families of tools, with commas between them, or all."}}, "package": "packaging/package.nix", "writable": ["home", "root"]}
  options.services.devkeel = {
    enable = lib.mkEnableOption "devkeel";
    package = lib.mkOption {
      type = lib.types.package;
      description = "The package that the service runs.";
      default = pkgs.callPackage ./packaging/package.nix { };
    };
    user = lib.mkOption {
      type = lib.types.nullOr lib.types.str;
      default = null;
      description = "The user that runs it, who has to be there; null: one that systemd makes for it.";
    };
    environment = lib.mkOption {
      type = lib.types.attrsOf lib.types.str;
      default = { };
      description = "Further variables of the service.";
    };
    address = lib.mkOption {
      type = lib.types.str;
      description = "Where it listens.";
      default = "127.0.0.1:8765";
    };
    home = lib.mkOption {
      type = lib.types.path;
      description = "Where it and uv keep what they fetch.";
      default = "/var/lib/devkeel";
    };
    root = lib.mkOption {
      type = lib.types.path;
      description = "The project that it serves.";
    };
    token = lib.mkOption {
      type = lib.types.nullOr lib.types.path;
      description = "The file of the bearer token, which an address beyond loopback wants.";
      default = null;
    };
    toolsets = lib.mkOption {
      type = lib.types.str;
      description = "Families of tools, with commas between them, or all.";
      default = "core";
    };
  };

  config =
    let
      cfg = config.services.devkeel;
      say = value: if builtins.isBool value then lib.boolToString value else toString value;
      plain = builtins.replaceStrings [ "%" ] [ "%%" ];
      word = text: builtins.replaceStrings [ "$" ] [ "$$" ] (plain (builtins.toJSON text));
    in
    lib.mkIf cfg.enable {
      systemd.services.devkeel = {
        description = "devkeel, over Streamable HTTP";
        wantedBy = [ "multi-user.target" ];
        wants = [ "network-online.target" ];
        after = [ "network-online.target" ];
        environment = { HOME = plain (say cfg.home); } // { DEVKEEL_ROOT = plain (say cfg.root); } // cfg.environment;
        # A machine that needs more sets what it needs; these are defaults.
        serviceConfig = lib.mapAttrs (_: lib.mkDefault) {
          Restart = "on-failure";
          StateDirectory = "devkeel";
          CapabilityBoundingSet = "";
          LockPersonality = true;
          MemoryDenyWriteExecute = true;
          NoNewPrivileges = true;
          PrivateDevices = true;
          PrivateTmp = true;
          PrivateUsers = true;
          ProtectClock = true;
          ProtectControlGroups = true;
          ProtectHome = true;
          ProtectHostname = true;
          ProtectKernelLogs = true;
          ProtectKernelModules = true;
          ProtectKernelTunables = true;
          ProtectProc = "invisible";
          ProtectSystem = "strict";
          RemoveIPC = true;
          RestrictAddressFamilies = [ "AF_INET" "AF_INET6" "AF_UNIX" ];
          RestrictRealtime = true;
          RestrictSUIDSGID = true;
          SystemCallArchitectures = "native";
          UMask = "0077";
        } // {
          ExecStart = lib.concatMapStringsSep " " word (
            [ ("${cfg.package}/bin/" + "devkeel") ]
            ++ [ "serve" ]
            ++ [ "--http" ]
            ++ [ (say cfg.address) ]
            ++ (lib.optional (cfg.token != null) ("--token-file=" + "/run/credentials/devkeel.service/token"))
            ++ [ ("--toolsets=" + say cfg.toolsets) ]
          );
          ReadWritePaths = map (place: plain (builtins.toJSON (toString place))) [ cfg.home cfg.root ];
          LoadCredential = lib.optional (cfg.token != null) (lib.concatStringsSep ":" [ "token" (plain (toString cfg.token)) ]);
        } // (if cfg.user == null then { DynamicUser = true; } else { User = cfg.user; });
      };
    };
  # <<< devkeel (nixos-module)
}
