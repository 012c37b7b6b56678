{ config, lib, ... }:
{
  options = {
    outputs = lib.mkOption { type = lib.types.attrsOf lib.types.anything; default = { }; };
    build = lib.mkOption { type = lib.types.attrsOf lib.types.anything; internal = true; default = { inherit (config) outputs; }; };
  };
}
