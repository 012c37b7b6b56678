{ config, lib, ... }:
{
  options.process.managers.native.enable = lib.mkOption { type = lib.types.bool; default = config.process.manager.implementation == "native"; internal = true; };
}
