"""What a search tells: the present first, the past as past, nothing that was taken back; on every store."""

from __future__ import annotations

import pytest

from graphmem import AsOf, Filters, Memory, Settings
from graphmem.adapters.embedders import LocalEmbedder
from graphmem.read import expand
from graphmem.read.seeds import FACTS
from tests.conftest import Add as Story
from tests.scripted import SteppingClock
from tests.values import day, said


async def test_what_was_taken_back_by_hand_is_not_told(memory: Memory, scope: str) -> None:
    car = (await memory.assert_fact("Ada", "OWNS", "red car", scope=scope))[-1]
    await memory.assert_fact("Ada", "LIKES", "the fjord", scope=scope)
    told = await memory.search("What does Ada own?", scope=scope)
    await memory.undo(car.id, scope=scope, cascade=True)
    after = await memory.search("What does Ada own?", scope=scope)

    assert "red car" in told.text
    assert told.episodes == ()
    assert "red car" not in after.text


async def test_a_message_is_marked_when_what_it_stated_is_over(memory: Memory, story: Story, scope: str) -> None:
    await story("I live in Turin.", "2024-01-10")
    await story("We moved to Oslo last week!", "2024-06-20")

    text = (await memory.search("Where does Ada live?", scope=scope)).text
    then = (await memory.search("Where does Ada live?", scope=scope, as_of=AsOf(valid=day("2024-03-01")))).text
    earlier = (await memory.search("Where does Ada live?", scope=scope, as_of=AsOf(known=day("2024-12-01")))).text

    assert "F1 Ada lives in Oslo (" in text
    assert "Ada: I live in Turin. (no longer so)" in text
    assert "(no longer so)" not in then
    assert "Ada: I live in Turin." in earlier
    assert "(no longer so)" not in earlier


async def test_who_it_was_in_a_named_time_is_found_over_a_hop(memory: Memory, scope: str) -> None:
    for boss, home, since in (("Ingrid", "Turin", "2022-01-10"), ("Otto", "Kiel", "2024-03-01")):
        await memory.assert_fact("Ada", "REPORTS_TO", boss, scope=scope, valid_from=since)
        await memory.assert_fact(boss, "LIVES_IN", home, scope=scope, valid_from="2021-01-01")

    then = await memory.search("Who was Ada's boss in May 2023?", scope=scope)
    home = await memory.search("Where did Ada's boss live in May 2023?", scope=scope)
    now = await memory.search("Where does Adas boss live?", scope=scope)

    assert [f.text for f in then.withdrawn] == ["Ada reports to Ingrid"]
    assert "No longer so:\n" in then.text
    assert "nothing known" not in then.text
    assert home.facts[0].text == "Ingrid lives in Turin"
    assert now.facts[0].text == "Otto lives in Kiel"


async def test_what_held_before_an_event_is_told_also_over_a_hop(memory: Memory, scope: str) -> None:
    for home, since in (("Porto", "2019-02-01"), ("Turin", "2022-03-01"), ("Oslo", "2024-06-13")):
        await memory.assert_fact("Ada", "LIVES_IN", home, scope=scope, valid_from=since)
    for boss, since in (("Ingrid", "2022-01-10"), ("Otto", "2024-09-01")):
        await memory.assert_fact("Ada", "REPORTS_TO", boss, scope=scope, valid_from=since)
    await memory.assert_fact("Ingrid", "LIVES_IN", "Kiel", scope=scope, valid_from="2020-01-01")

    to_oslo = await memory.search("Where did Ada live before the move to Oslo?", scope=scope)
    boss = await memory.search("Where did Ada's boss live before the move to Oslo?", scope=scope)

    assert to_oslo.withdrawn[0].text == "Ada lives in Turin"
    assert boss.facts[0].text == "Ingrid lives in Kiel"


async def test_who_asks_several_scopes_is_the_first(memory: Memory, scope: str) -> None:
    other = f"{scope}-team"
    for user, home in ((scope, "Oslo"), (other, "Kiel")):
        await memory.assert_fact(user, "LIVES_IN", home, scope=user)

    for scopes in ([scope, other], [other, scope], [scope, other, scope]):
        found = await memory.search("Where do I live?", scope=scopes)
        assert found.facts[0].fact.subject == scopes[0]
        assert len({f.fact.id for f in found.facts}) == len(found.facts)


async def test_what_is_only_told_as_over_is_an_answer(memory: Memory, scope: str) -> None:
    for home, since in (("Turin", "2022-03-01"), ("Oslo", "2024-06-13")):
        await memory.assert_fact("Ada", "LIVES_IN", home, scope=scope, valid_from=since)
    then = Filters(since=day("2022-01-01"), until=day("2023-01-01"), predicates=("LIVES_IN",))

    found = await memory.search("Where does Ada live?", scope=scope, filters=then)

    assert [f.text for f in found.withdrawn] == ["Ada lives in Turin"]
    assert found.answerable
    assert not found.text.startswith("Nothing")


async def test_messages_come_in_one_order_and_say_which_fact_led_to_them(
    memory: Memory, story: Story, scope: str
) -> None:
    await story("I live in Turin.", "2024-01-10")
    await story("We moved to Oslo last week!", "2024-06-20")
    for n in range(12):
        await memory.assert_fact("Ada", "LIKES", f"walk number {n}", scope=scope)

    few = await memory.search("Where does Ada live?", scope=scope, limit=1)
    many = await memory.search("Where does Ada live?", scope=scope, limit=50)

    assert [e.episode.id for e in few.episodes] == [e.episode.id for e in many.episodes][:1]
    assert {e.path for e in many.episodes} == {("Ada lives in Oslo",), ()}


async def test_the_last_may_is_the_one_before_the_question(
    settings: Settings, embedder: LocalEmbedder, scope: str
) -> None:
    async with Memory.open(settings, embedder=embedder, clock=SteppingClock(at=day("2025-01-15"))) as memory:
        await memory.assert_fact("Ada", "LIVES_IN", "Turin", scope=scope, valid_from="2022-01-10")
        await memory.assert_fact("Ada", "LIVES_IN", "Oslo", scope=scope, valid_from="2024-06-13")
        asked = [
            await memory.search(f"Where did Ada live {when}?", scope=scope)
            for when in ("last May", "in March", "before last summer", "in December")
        ]

    assert [[f.text for f in found.withdrawn] for found in asked] == [["Ada lives in Turin"]] * 3 + [[]]


async def test_many_facts_of_one_kind_do_not_hide_the_one_of_another(
    memory: Memory, scope: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expand, "ALIKE", 5)
    await memory.assert_fact("Ada", "REPORTS_TO", "Ingrid", scope=scope)
    for number in range(12):
        await memory.assert_fact("Ada", "VISITED", f"Town{number}", scope=scope)

    found = await memory.search("Who is Ada's boss?", scope=scope, strategy="entity")

    assert found.facts[0].text == "Ada reports to Ingrid"
    assert sum(f.fact.predicate == "VISITED" for f in found.facts) == 5


async def test_what_the_best_messages_state_is_found_however_unlike_the_question_it_is(
    memory: Memory, story: Story, scope: str
) -> None:
    await story("We moved to Oslo last week!", "2024-06-20")
    for number in range(FACTS + 5):
        await memory.assert_fact(f"Week {number}", "LIKES", f"A week of move {number}", scope=scope)

    found = await memory.search("Which move was last week?", scope=scope, limit=2 * FACTS)
    visits = await memory.search(
        "Which move was last week?", scope=scope, limit=2 * FACTS, filters=Filters(predicates=("LIKES",))
    )

    assert "Ada lives in Oslo" in {f.text for f in found.facts}
    assert {f.fact.predicate for f in visits.facts} == {"LIKES"}


async def test_sources_that_were_not_said_yet_are_not_cited(memory: Memory, story: Story, scope: str) -> None:
    await story("I live in Turin.", "2024-01-10")
    await story("I live in Turin.", "2024-09-01")
    whole = await memory.search("Where does Ada live?", scope=scope)
    known = whole.facts[0].fact.created_at
    earlier = await memory.search("Where does Ada live?", scope=scope, as_of=AsOf(known=max(known, day("2024-08-01"))))

    assert len(whole.facts[0].fact.sources) == 2
    assert all(s.at is not None and s.at <= max(known, day("2024-08-01")) for s in earlier.facts[0].fact.sources)


async def test_a_user_whose_name_looks_like_a_pattern_is_spoken_of(memory: Memory) -> None:
    user = r"DOMAIN\1ada"
    await memory.assert_fact(user, "LIVES_IN", "Oslo", scope=user)

    assert (await memory.search("Where do I live?", scope=user)).facts[0].fact.value == "Oslo"


async def test_many_words_like_many_names_are_no_error(memory: Memory, scope: str) -> None:
    await memory.assert_fact("Ada", "BOUGHT", "Orderling", scope=scope)
    names = ", ".join(f"Orderl{a}{b}g" for a in "abcdefgh" for b in "mnopqrst")

    assert (await memory.search(f"Which of {names} did Ada buy?", scope=scope)).facts


@pytest.mark.parametrize("slip", ["Cathrine", "Thoams", "Emilly", "Alicee", "Harrry"])
async def test_a_common_name_is_found_in_spite_of_a_slip(memory: Memory, scope: str, slip: str) -> None:
    for name in ("Catherine", "Thomas", "Emily", "Alice", "Harry"):
        await memory.assert_fact(name, "LIVES_IN", f"{name}ville", scope=scope)

    found = await memory.search(f"Where does {slip} live?", scope=scope, strategy="entity")

    assert found.facts, slip
    assert found.facts[0].fact.subject[0] == slip[0]


async def test_what_a_fact_says_is_known_whoever_else_speaks(memory: Memory, scope: str) -> None:
    for number, (speaker, text) in enumerate(
        (("Ben", "I love living by the sea."), ("Ada", "Good morning!"), ("Ben", "Where does one live well?"))
    ):
        await memory.add(said(text, f"2024-01-0{number + 1}", speaker=speaker), scope=scope)
    await memory.assert_fact("Ada", "LIVES_IN", "Oslo", scope=scope)

    found = await memory.search("Where does Ada live?", scope=scope)

    assert found.answerable
    assert not found.text.startswith("Nothing is known")
