"""Search: by name, initials, pinyin, numbers and a mobile's tail, with slips, only among whom one may see."""

import re

import pytest
from django.db import connection
from django.urls import reverse

from customers.choices import CustomerKind, IdDocument
from customers.models import Customer, CustomerIdentity
from customers.names import initials, sound
from customers.selectors.find import slips
from tests.factories import make_account, make_customer, make_interaction, make_product
from tests.queries import OfPage

pytestmark = pytest.mark.django_db
SEARCH, QUICK = "customers:search", "customers:search_quick"


def named(name, **fields):
    is_person = fields.get("kind", CustomerKind.PERSON) == CustomerKind.PERSON
    heard = {"initials": initials(name, is_person=is_person), "sound": sound(name, is_person=is_person)}
    return make_customer(name, **{**heard, **fields})


def told(customer, **values):
    identity = CustomerIdentity.objects.get_or_create(customer=customer)[0]
    for name, value in values.items():
        setattr(identity, name, value)
    identity.save()


@pytest.fixture
def people(branch, manager, other_branch, outsider):
    mine = {"branch": branch, "lead": manager}
    shen = named("沈知远", number="C00001001", **mine)
    told(
        shen,
        document=IdDocument.RESIDENT_ID,
        document_number="999999199001011234",
        mobile="19900005678",
    )
    make_account(shen, make_product(), number="6200000000009999")
    company = named("浙江云帆科技有限公司", number="C00001002", kind=CustomerKind.COMPANY, **mine)
    told(company, document=IdDocument.USCC, document_number="91330000MA27XXXX0Q")
    named("张伟", number="C00001003", **mine)
    named("张伟明", number="C00001004", **mine)
    hidden = named("沈知原", number="C00001009", branch=other_branch, lead=outsider)
    told(hidden, mobile="19911115678")
    return {"shen": shen, "company": company, "hidden": hidden}


def found(client, words, where=SEARCH):
    response = client.get(reverse(where), {"q": words})
    if response.status_code == 302:
        return [Customer.objects.get(public_id=response.url.strip("/").split("/")[-1]).name]
    assert response.status_code == 200
    text = response.content.decode().replace("<mark>", "").replace("</mark>", "")
    css = "name" if where == SEARCH else "hit-name"
    return re.findall(rf'class="{css}"[^>]*>([^<]+)<', text)


@pytest.mark.parametrize("where", [SEARCH, QUICK])
@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("沈知远", ["沈知远"]),
        ("知远", ["沈知远"]),
        ("张伟", ["张伟", "张伟明"]),  # the whole name first
        ("云帆", ["浙江云帆科技有限公司"]),
        ("szy", ["沈知远"]),
        ("shenzhiyuan", ["沈知远"]),
        ("sen zi yuan", ["沈知远"]),  # flat for curled tongue
        ("沈志远", ["沈知远"]),  # another character, the same sound
        ("shenzhiyaun", ["沈知远"]),  # two letters swapped
        ("浙江云凡科技有限公司", ["浙江云帆科技有限公司"]),
        ("浙江云机科技有限公司", ["浙江云帆科技有限公司"]),  # one character wrong
        ("C00001001", ["沈知远"]),
        ("c00001", ["沈知远", "浙江云帆科技有限公司", "张伟", "张伟明"]),
        ("5678", ["沈知远"]),
        ("199 0000 5678", ["沈知远"]),
        ("999999199001011234", ["沈知远"]),
        ("91330000MA27XXXX0Q", ["浙江云帆科技有限公司"]),
        ("6200000000009999", ["沈知远"]),
        ("张", ["张伟", "张伟明"]),
        ("郑", []),
        ("8765", []),
        ("%_'\\ \x00", []),
    ],
)
def test_one_is_found_by_what_one_has_at_hand(client, people, manager, words, names, where):
    client.force_login(manager.user)
    assert found(client, words, where) == names


def test_nobody_outside_ones_scope_is_found(client, people, outsider, supervisor, admin_user):
    client.force_login(outsider.user)
    assert found(client, "沈知") == ["沈知原"]
    assert found(client, "5678") == ["沈知原"]
    assert found(client, "C00001001") == []
    client.force_login(supervisor)
    assert found(client, "沈知") == ["沈知远"]
    client.force_login(admin_user)
    assert found(client, "沈知") == ["沈知远", "沈知原"]


def test_a_whole_number_opens_the_customer_and_a_begun_one_does_not(client, people, manager):
    client.force_login(manager.user)
    assert client.get(reverse(SEARCH), {"q": "c00001001"}).url.endswith(f"{people['shen'].public_id}/")
    assert client.get(reverse(SEARCH), {"q": "云帆"}).status_code == 200


def test_what_was_typed_is_marked_and_the_reason_said(client, people, manager):
    client.force_login(manager.user)
    page = client.get(reverse(SEARCH), {"q": "知远"}).content.decode()
    assert "沈<mark>知远</mark>" in page
    client.cookies["django_language"] = "en"
    assert "mobile ends in 5678" in client.get(reverse(QUICK), {"q": "5678"}).content.decode()


def test_pages_follow_each_other_without_gap_or_repeat(client, branch, manager):
    for n in range(65):
        named("苏" + "云青禾"[n % 3], number=f"S{n:04}", branch=branch, lead=manager)
    client.force_login(manager.user)
    seen, address = [], f"{reverse(SEARCH)}?q=苏"
    while address:
        page = client.get(address).content.decode()
        seen += re.findall(r'class="number">(?:<mark>)?(S\d+)', page)
        behind = re.search(r'rel="next" href="([^"]+)"', page)
        address = behind and behind[1].replace("&amp;", "&")
    assert seen == [f"S{n:04}" for n in range(65)]
    assert client.get(reverse(SEARCH), {"q": "sy", "after": "nonsense"}).status_code == 400


def test_the_number_of_queries_does_not_grow(client, branch, manager):
    client.force_login(manager.user)
    counts = []
    for size in (2, 40):
        for n in range(size):
            named("苏云", number=f"S{size}{n:04}", branch=branch, lead=manager)
        with OfPage(connection) as captured:
            client.get(reverse(SEARCH), {"q": "苏云"})
        counts.append(len(captured))
    assert counts[0] >= counts[1]
    assert counts[0] <= 15


def test_a_manager_finds_his_own_contacts_and_pages(client, people, manager, outsider):
    make_interaction(people["shen"], manager=manager, note="想了解养老金账户的开户材料")
    make_interaction(people["hidden"], manager=outsider, note="养老金")
    client.force_login(manager.user)
    page = client.get(reverse(QUICK), {"q": "养老金"}).content.decode()
    assert "<mark>养老金</mark>账户" in page
    assert "沈知原" not in page
    assert (
        reverse("performance:my_scorecard")
        in client.get(reverse(QUICK), {"q": "score"}, headers={"accept-language": "en"}).content.decode()
    )


def test_slips_are_one_letter_away_with_the_first_letter_right():
    near = slips("zanwei")
    assert {"zanwie", "zanwe", "zanweii", "zonwei", "zanwwei"} <= set(near)
    assert "zanwei" not in near
    assert {word[0] for word in near} == {"z"}
    assert slips("a" * 40) == []
