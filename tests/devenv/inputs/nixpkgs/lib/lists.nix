{ lib }:
rec {
  toList = x: if builtins.isList x then x else [ x ];
  optional = condition: x: if condition then [ x ] else [ ];
  optionals = condition: xs: if condition then xs else [ ];
  flatten = x: if builtins.isList x then builtins.concatMap flatten x else [ x ];
  last = xs: builtins.elemAt xs (builtins.length xs - 1);
  init = xs: take (builtins.length xs - 1) xs;
  take = n: xs: builtins.genList (builtins.elemAt xs) (lib.min n (builtins.length xs));
  drop = n: xs: builtins.genList (i: builtins.elemAt xs (i + n)) (lib.max 0 (builtins.length xs - n));
  remove = x: builtins.filter (y: y != x);
  subtractLists = xs: builtins.filter (y: !builtins.elem y xs);
  intersectLists = xs: builtins.filter (y: builtins.elem y xs);
  unique = builtins.foldl' (seen: x: if builtins.elem x seen then seen else seen ++ [ x ]) [ ];
  reverseList = xs: let n = builtins.length xs; in builtins.genList (i: builtins.elemAt xs (n - i - 1)) n;
  range = first: end: if first > end then [ ] else builtins.genList (n: first + n) (end - first + 1);
  imap0 = f: xs: builtins.genList (i: f i (builtins.elemAt xs i)) (builtins.length xs);
  imap1 = f: xs: builtins.genList (i: f (i + 1) (builtins.elemAt xs i)) (builtins.length xs);
  foldl = builtins.foldl';
  foldr = f: z: xs: builtins.foldl' (acc: x: f x acc) z (reverseList xs);
  singleton = x: [ x ];
  zipListsWith = f: xs: ys:
    builtins.genList (i: f (builtins.elemAt xs i) (builtins.elemAt ys i)) (lib.min (builtins.length xs) (builtins.length ys));
  sortOn = key: builtins.sort (a: b: key a < key b);
  findFirst = predicate: default: xs:
    let found = builtins.filter predicate xs; in if found == [ ] then default else builtins.head found;
  count = predicate: xs: builtins.length (builtins.filter predicate xs);
}
