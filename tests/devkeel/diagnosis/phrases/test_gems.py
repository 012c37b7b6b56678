"""What Ruby, RubyGems and Bundler print where a gem or another Ruby is missing."""

from __future__ import annotations

import pytest

from devkeel.diagnosis.reading import read


@pytest.mark.parametrize(
    ("text", "kind", "subject", "facts"),
    [
        (
            (
                "<internal:/usr/lib/ruby/rubygems/core_ext/kernel_require.rb>:37:in `require': cannot load such file --"
                " nokogiri (LoadError)"
            ),
            "gem",
            "nokogiri",
            {"is": "file"},
        ),
        ("mysql2 is not part of the bundle. Add it to your Gemfile. (Gem::LoadError)", "gem", "mysql2", {}),
        (
            "Specified 'postgresql' for database adapter, but the gem is not loaded. Add `gem 'pg'` to your Gemfile",
            "gem",
            "pg",
            {},
        ),
        ("bundler: command not found: rspec", "gem", "rspec", {"is": "command"}),
        (
            "Could not find rails-8.0.1, puma-6.5.0 in locally installed gems (Bundler::GemNotFound)",
            "uninstalled",
            "rails-8.0.1",
            {"do": "bundle"},
        ),
        (
            "Your Ruby version is 3.4.8, but your Gemfile specified 3.3.6",
            "version",
            "ruby",
            {"have": "3.4.8", "wanted": "3.3.6"},
        ),
        (
            "rails-8.0.1 requires Ruby version >= 3.2.0. The current ruby version is 3.0.2.",
            "version",
            "ruby",
            {"wanted": ">= 3.2.0."},
        ),
        ("rbenv: version `3.3.6' is not installed (set by /w/.ruby-version)", "version", "ruby", {"wanted": "3.3.6"}),
    ],
)
def test_what_ruby_says_is_read(text: str, kind: str, subject: str, facts: dict[str, str]) -> None:
    cause = next(item for item in read(text).causes if item.kind == kind)
    assert cause.subject == subject
    assert facts.items() <= cause.facts.items()
