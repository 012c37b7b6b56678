{ config, lib, ... }:
{
  options = {
    infoSections = lib.mkOption { type = lib.types.attrsOf (lib.types.listOf lib.types.str); default = { }; internal = true; };
    info = lib.mkOption { type = lib.types.str; internal = true; };
  };
  config = {
    infoSections = {
      env = lib.mapAttrsToList (name: value: "${name}: ${toString value}") config.env;
      packages = map (package: package.name) config.packages;
    };
    info = lib.concatMapAttrsStringSep "\n\n" (name: lines: "# ${name}\n${lib.concatMapStringsSep "\n" (line: "- ${line}") lines}") config.infoSections;
  };
}
