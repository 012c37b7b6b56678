"""The names that are in every scope: what Nix calls without `builtins.`.

A name that any version of Nix up to 2.31 has is here: what one version lacks may be right where another runs.
"""

from __future__ import annotations

__all__ = ["GLOBALS"]

_PLAIN = """
abort baseNameOf break builtins derivation derivationStrict dirOf false fetchGit fetchMercurial fetchTarball fetchTree
fromTOML import isNull map null placeholder removeAttrs scopedImport throw toString true
"""
# The others have two underscores in front of their name in `builtins`.
_UNDERSCORED = """
add addDrvOutputDependencies addErrorContext all any appendContext attrNames attrValues bitAnd bitOr bitXor catAttrs
ceil compareVersions concatLists concatMap concatStringsSep convertHash curPos currentSystem currentTime deepSeq div
elem elemAt exec fetchClosure fetchurl filter filterSource findFile flakeRefToString floor foldl' fromJSON
functionArgs genList genericClosure getAttr getContext getEnv getFlake groupBy hasAttr hasContext hashFile hashString
head importNative intersectAttrs isAttrs isBool isFloat isFunction isInt isList isPath isString langVersion length
lessThan listToAttrs mapAttrs match mul nixPath nixVersion outputOf parseDrvName parseFlakeRef partition path
pathExists readDir readFile readFileType replaceStrings seq sort split splitVersion storeDir storePath stringLength
sub substring tail toFile toJSON toPath toXML trace traceVerbose tryEval typeOf unsafeDiscardOutputDependency
unsafeDiscardStringContext unsafeGetAttrPos valueSize warn zipAttrsWith
"""
GLOBALS = frozenset(_PLAIN.split()) | {f"__{name}" for name in _UNDERSCORED.split()}
