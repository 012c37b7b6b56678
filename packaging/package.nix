# devkeel for `nix run`, `nix build` and the NixOS module: uv runs it from this source.
#
# nixpkgs lacks some of the libraries, and none of their hashes is written down here. So uv fetches them when it is first
# run, in the versions that requirements-dev.txt locks, and keeps them in the user's cache.
{
  lib,
  writeShellApplication,
  git,
  python3,
  uv,
}:

let
  source = lib.fileset.toSource {
    root = ../.;
    fileset = lib.fileset.unions [
      ../LICENSE
      ../NOTICE
      ../README.md
      ../pyproject.toml
      ../server
      ../tools
    ];
  };
in
writeShellApplication {
  name = "devkeel";
  runtimeInputs = [ git ];
  text = ''
    exec ${lib.getExe uv} tool run --quiet --no-python-downloads --python ${lib.getExe python3} \
      --constraints ${../requirements-dev.txt} --from ${source} devkeel "$@"
  '';
}
