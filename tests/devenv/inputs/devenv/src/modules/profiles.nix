{ lib, ... }:
let
  profile = lib.types.lazyAttrsOf (lib.types.submodule {
    options = {
      extends = lib.mkOption { type = lib.types.listOf lib.types.str; default = [ ]; };
      module = lib.mkOption { type = lib.types.deferredModule; default = { }; };
    };
  });
in
{
  options.profiles = lib.mkOption {
    default = { };
    type = lib.types.submodule {
      freeformType = profile;
      options = {
        hostname = lib.mkOption { type = profile; default = { }; };
        user = lib.mkOption { type = profile; default = { }; };
      };
    };
  };
}
