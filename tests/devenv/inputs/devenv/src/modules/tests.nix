{ config, lib, pkgs, ... }:
{
  options = {
    enterTest = lib.mkOption { type = lib.types.lines; description = "Bash code to execute to run the test."; };
    devenv.isTesting = lib.mkOption { type = lib.types.bool; default = false; };
    test = lib.mkOption { type = lib.types.package; internal = true; default = pkgs.writeShellScript "devenv-test" "set -euo pipefail\n${config.enterTest}"; };
  };
  config.enterTest = lib.mkMerge [
    (lib.mkBefore ''
      wait_for_port() {
        timeout "''${2:-15}" bash -c "until (: </dev/tcp/localhost/$1) 2>/dev/null; do sleep 0.1; done"
      }
      wait_for_processes() {
        devenv processes wait --timeout "''${1:-120}"
      }
    '')
    (lib.mkAfter "if [ -f ./.test.sh ]; then ./.test.sh; fi")
  ];
}
