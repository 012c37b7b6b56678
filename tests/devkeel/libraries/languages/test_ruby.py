"""A Gemfile is a program: literal calls of `gem` are edited, and what cannot be read is said or refused."""

from __future__ import annotations

import pytest

from devkeel.errors import DevkeelError
from devkeel.libraries.planning import plan
from devkeel.libraries.request import LibraryPlan, Request
from devkeel.text.actions import do

HEAD = 'source "https://example.org"\n\n'


def planned(text: str, *names: str, group: str | None = None, remove: bool = False) -> LibraryPlan:
    request = Request("ruby", names, group, remove=remove)
    return plan(request, lambda name: text.encode() if name == "Gemfile" else None)


def edited(text: str, *names: str, group: str | None = None, remove: bool = False) -> str:
    return planned(text, *names, group=group, remove=remove).files.get("Gemfile", text.encode()).decode()


# A call as people write it, and the same with another version.
CALLS = (
    ('gem "rack", "~> 3.0"', 'gem "rack", "~> 3.1"'),
    ("gem 'rack', '~> 3.0'", "gem 'rack', '~> 3.1'"),
    ('gem "rack"', 'gem "rack", "~> 3.1"'),
    ("gem 'rack' # the server", "gem 'rack', '~> 3.1' # the server"),
    ('gem("rack", "3.0")', 'gem("rack", "~> 3.1")'),
    ('gem ("rack")', 'gem ("rack", "~> 3.1")'),
    ('gem "rack", "3.0", require: false', 'gem "rack", "~> 3.1", require: false'),
    ('gem "rack", require: false', 'gem "rack", "~> 3.1", require: false'),
    ('gem "rack", ">= 2", "< 3" # both', 'gem "rack", "~> 3.1" # both'),
    ('gem "rack", [">= 2", "< 3"], require: false', 'gem "rack", ["~> 3.1"], require: false'),
    ("gem 'rack', '3.0', :require => false", "gem 'rack', '~> 3.1', :require => false"),
    ("gem 'rack', '3.0', 'require' => %w[a b]", "gem 'rack', '~> 3.1', 'require' => %w[a b]"),
    ('gem "rack", "3.0", group: [:development, :test]', 'gem "rack", "~> 3.1", group: [:development, :test]'),
    ('gem "rack", "3.0" if ENV["RACK"]', 'gem "rack", "~> 3.1" if ENV["RACK"]'),
    ('gem "rack" unless ENV["RACK"]', 'gem "rack", "~> 3.1" unless ENV["RACK"]'),
    ('gem "rack",\n    "3.0", # pinned\n    require: false', 'gem "rack",\n    "~> 3.1", # pinned\n    require: false'),
    ('gem(\n  "rack",\n  "3.0"\n)', 'gem(\n  "rack",\n  "~> 3.1"\n)'),
    ('gem "rack", "3.0", **OPTIONS', 'gem "rack", "~> 3.1", **OPTIONS'),
    ('gem "rack", "3.0", platforms: %i[mri windows]', 'gem "rack", "~> 3.1", platforms: %i[mri windows]'),
    ('gem "rack", \\\n  "3.0"', 'gem "rack", \\\n  "~> 3.1"'),
)
ROUND = (
    "{}\n",
    'gem "rackup"\n{}\ngem "rack-test", "1"\n',
    "group :development, :test do\n{}\nend\n",
    "platforms :ruby do\n{}\nend\n",
    "if RUBY_VERSION >= '3'\n{}\nend\n",
    "# gem 'rack', '1'\n=begin\ngem 'rack'\n=end\n{}\n__END__\ngem 'rack', '0'\n",
)


@pytest.mark.parametrize("around", ROUND)
@pytest.mark.parametrize(("before", "after"), CALLS)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_version_changes_and_the_rest_of_the_call_stays(before: str, after: str, around: str, newline: str) -> None:
    text, wanted = ((HEAD + around.format(call)).replace("\n", newline) for call in (before, after))
    assert edited(text, "rack@~> 3.1") == wanted
    assert edited(wanted, "rack@~> 3.1") == wanted
    assert edited(text, "rack") == text


@pytest.mark.parametrize("around", ROUND)
@pytest.mark.parametrize("call", [before for before, _ in CALLS])
def test_a_gem_is_removed_with_all_its_lines(call: str, around: str) -> None:
    assert edited(HEAD + around.format(call), "rack", remove=True) == HEAD + around.replace("{}\n", "")


@pytest.mark.parametrize(
    "call",
    [
        'gem "rack", RACK_VERSION',
        'gem "rack", "~> #{version}"',
        'gem "rack", ENV.fetch("RACK", "3.0")',
        'gem "rack", *versions',
        'gem "rack", ENV["RACK"] || "~> 3.0"',
    ],
)
def test_a_version_that_is_computed_is_not_guessed(call: str) -> None:
    with pytest.raises(DevkeelError) as caught:
        edited(f"{HEAD}{call}\n", "rack@~> 3.1")
    assert (caught.value.code, do("patch") in str(caught.value.remedy)) == ("opaque_value", True)
    assert edited(f"{HEAD}{call}\n", "rack") == f"{HEAD}{call}\n"
    assert edited(f"{HEAD}{call}\n", "rack", remove=True) == HEAD.removesuffix("\n") + "\n"


def test_branches_with_different_versions_are_not_made_one() -> None:
    text = f"{HEAD}if ENV['EDGE']\n  gem 'rack', '4'\nelse\n  gem 'rack', '3'\nend\n"
    with pytest.raises(DevkeelError) as caught:
        edited(text, "rack@~> 3.1")
    assert caught.value.code == "opaque_value"
    assert edited(text, "rack", remove=True) == f"{HEAD}if ENV['EDGE']\nelse\nend\n"


@pytest.mark.parametrize("line", ["group(:test) { gem 'rack' }", "gem 'rackup'; gem 'rack'", "x and gem 'rack', '3'"])
def test_a_gem_that_shares_its_line_is_refused(line: str) -> None:
    for remove in (True, False):
        with pytest.raises(DevkeelError) as caught:
            edited(f"{HEAD}{line}\n", "rack" if remove else "rack@4", remove=remove)
        assert caught.value.code == "opaque_value"


@pytest.mark.parametrize(
    "hidden", ["gemspec", "eval_gemfile 'more.rb'", "%w[a b].each { |name| gem name }", "gem name", 'gem "a-#{x}"']
)
def test_what_may_name_a_gem_and_was_not_read_is_said(hidden: str) -> None:
    plain = planned(f"{HEAD}gem 'rackup'\n", "rack", remove=True).notes[0]
    told = planned(f"{HEAD}gem 'rackup'\n{hidden}\n", "rack", remove=True).notes[0]
    assert told.startswith(plain)
    assert "not looked at" in told
    assert "not looked at" not in plain


def test_several_requirements_are_asked_for_with_commas() -> None:
    assert edited(f"{HEAD}gem 'rack', '1'\n", "rack@>= 2, < 4") == f"{HEAD}gem 'rack', '>= 2', '< 4'\n"


def test_a_group_says_which_one_is_removed() -> None:
    text = f"{HEAD}group :test do\n  gem 'rack'\nend\ngem 'puma', group: :development\n"
    assert edited(text, "rack", group="test", remove=True) == f"{HEAD}group :test do\nend\n{text.splitlines()[-1]}\n"
    assert edited(text, "puma", group="development", remove=True) == text.replace(text.splitlines()[-1] + "\n", "")
    made = planned(text, "rack", group="development", remove=True)
    assert not made.files
    assert "test" in made.notes[0]


def test_removing_leaves_no_two_empty_lines() -> None:
    text = f"{HEAD}gem 'rack'\n\ngem 'puma'\n"
    assert edited(text, "rack", remove=True) == f"{HEAD}gem 'puma'\n"


def test_a_new_gem_goes_before_what_is_no_program() -> None:
    assert edited(f"{HEAD}__END__\nnotes\n", "rack") == f'{HEAD}gem "rack"\n__END__\nnotes\n'


def test_a_gem_from_a_repository_keeps_its_source_and_the_answer_says_so() -> None:
    made = planned(f'{HEAD}gem "rack", github: "rack/rack"\n', "rack@~> 3.1")
    assert made.files["Gemfile"].decode() == f'{HEAD}gem "rack", "~> 3.1", github: "rack/rack"\n'
    assert any("github" in note for note in made.notes)
