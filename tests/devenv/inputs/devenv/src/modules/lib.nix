{ config, lib, inputs ? { }, ... }:
{
  options.lib = lib.mkOption { type = lib.types.attrsOf lib.types.anything; internal = true; };
  config.lib = rec {
    mkOverrideDefault = lib.mkOverride 500;
    missing = { name, url, attribute, follows ? [ ] }:
      "To use '${attribute}', run the following command:\n\n  $ devenv inputs add ${name} ${url} ${lib.concatMapStringsSep " " (input: "--follows ${input}") follows}\n";
    getInput = wanted: inputs.${wanted.name} or (throw "${missing wanted}\n");
    tryGetInput = wanted: inputs.${wanted.name} or null;
  };
}
