"""What Ruby, RubyGems and Bundler print where a gem or another Ruby is missing."""

from __future__ import annotations

from types import MappingProxyType

from devkeel.diagnosis.phrase import Phrase

__all__ = ["PHRASES"]

_GEM = r"(?P<subject>[A-Za-z0-9][\w.-]{0,80})"
_VERSION = r"\d{1,2}(?:\.\d{1,3}){0,2}"
_RANGE = r"[\d.,<>=!~ ]{1,60}"
_FILE = MappingProxyType({"is": "file"})
_BUNDLE = MappingProxyType({"do": "bundle"})

PHRASES = (
    Phrase(
        "ruby.load",
        "gem",
        "cannot load such file -- ",
        r"cannot load such file -- (?P<subject>[A-Za-z0-9][\w/.-]{0,120})",
        weight=90,
        facts=_FILE,
    ),
    Phrase(
        "bundler.not_part",
        "gem",
        "is not part of the bundle",
        rf"{_GEM} is not part of the bundle",
        weight=91,
    ),
    Phrase(
        "rails.adapter",
        "gem",
        "database adapter, but the gem is not loaded",
        r"but the gem is not loaded\. Add `gem '(?P<subject>[\w-]{1,60})'",
        weight=91,
    ),
    Phrase(
        "bundler.add",
        "gem",
        "to your Gemfile",
        r"[Aa]dd (?:`?gem )?['\"`](?P<subject>[\w-]{1,60})['\"`][^\n]{0,60} to your Gemfile",
        weight=85,
    ),
    Phrase(
        "ruby.default_gem",
        "gem",
        "since Ruby",
        r"(?P<subject>[a-z][\w-]{1,40}) (?:is not part of the default gems since|was loaded from the standard "
        r"library, but (?:is|will) no\w* (?:longer )?(?:be )?part of the default gems)",
        weight=85,
        judge=lambda match, _: "warning" not in match.string,
    ),
    Phrase(
        "rubygems.find",
        "gem",
        "Could not find '",
        rf"Could not find '{_GEM}' \([^)\n]{{1,40}}\) (?:among|in any|- did find)",
        weight=80,
    ),
    # Bundler, lib/bundler/definition.rb, cli/exec.rb and rubygems_integration.rb
    Phrase(
        "bundler.missing",
        "uninstalled",
        "in locally installed gems",
        r"Could not find (?P<subject>[\w.-]{1,80})[^\n]{0,2000} in (?:locally installed gems|any of the "
        r"sources|cached gems)",
        weight=88,
        facts=_BUNDLE,
    ),
    Phrase(
        "bundler.sources",
        "uninstalled",
        "in any of the sources",
        r"Could not find (?P<subject>[\w.]{1,60}-\d[\w.]{0,30}) in any of the sources",
        weight=88,
        facts=_BUNDLE,
    ),
    Phrase(
        "bundler.command",
        "gem",
        "bundler: command not found:",
        rf"bundler: command not found: {_GEM}",
        weight=90,
        facts=MappingProxyType({"is": "command"}),
    ),
    Phrase(
        "rubygems.command",
        "gem",
        "can't find gem",
        rf"can't find gem {_GEM} ",
        weight=88,
    ),
    Phrase(
        "bundler.frozen",
        "uninstalled",
        "Run `bundle install` to install missing gems",
        r"Run `bundle install` to install missing gems",
        subject="gems",
        weight=60,
        facts=_BUNDLE,
    ),
    # concurrent-ruby 1.3.5 no longer loads logger, which Active Support before 7.1 counts on.
    Phrase(
        "activesupport.logger",
        "gem",
        "LoggerThreadSafeLevel::Logger",
        r"uninitialized constant ActiveSupport::LoggerThreadSafeLevel::Logger",
        subject="concurrent-ruby",
        weight=90,
        facts=MappingProxyType({"version": "1.3.4"}),
    ),
    # Ruby's own version
    Phrase(
        "bundler.ruby",
        "version",
        "but your Gemfile specified",
        rf"Your Ruby version is (?P<have>{_VERSION})[^,\n]{{0,20}}, but your Gemfile specified (?P<wanted>{_RANGE})",
        subject="ruby",
        weight=92,
    ),
    Phrase(
        "rubygems.ruby",
        "version",
        "requires Ruby version",
        rf"requires Ruby version (?P<wanted>{_RANGE})(?:[^\n]{{0,40}}current (?:R|r)uby version is "
        rf"(?P<have>{_VERSION}))?",
        subject="ruby",
        weight=90,
    ),
    Phrase(
        "bundler.ruby_depends",
        "version",
        "and the current Ruby version",
        rf"depends on Ruby (?P<wanted>{_RANGE})[^\n]{{0,80}}\n?[^\n]{{0,80}}current Ruby version is = ?"
        rf"(?P<have>{_VERSION})",
        lines=2,
        subject="ruby",
        weight=90,
    ),
    Phrase(
        "rbenv.missing",
        "version",
        "rbenv: version",
        rf"rbenv: version `(?P<wanted>{_VERSION})' is not installed",
        subject="ruby",
        weight=90,
    ),
    Phrase(
        "rvm.missing",
        "version",
        "ruby-",
        rf"Required ruby-(?P<wanted>{_VERSION}) is not installed",
        subject="ruby",
        weight=90,
    ),
)
