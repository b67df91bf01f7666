"""Made-up Brazilians: each with a CPF, phones and addresses of their own, found again by any of them. No HTTP.

Every e-mail address lies under example.com. The numbers are valid by libphonenumber, and nobody calls them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from lead_pipeline.sandbox.people import plain
from lead_pipeline.sandbox.seeded import Draw, number

KNOWN = 10_000
"""How many of them Diretrix and the Work API know: those before this number."""

# (first name, as it is registered)
FIRST_NAMES = (
    ("Ana", "F"), ("João", "M"), ("Beatriz", "F"), ("Antônio", "M"), ("Cláudia", "F"), ("Caio", "M"),
    ("Fernanda", "F"), ("Diego", "M"), ("Luíza", "F"), ("Eduardo", "M"), ("Mariana", "F"), ("José", "M"),
    ("Patrícia", "F"), ("Rafael", "M"), ("Vitória", "F"), ("Thiago", "M"),
)  # fmt: skip
LAST_NAMES = (
    "Silva", "Souza", "Conceição", "Oliveira", "Araújo", "Pereira", "Gonçalves", "Ribeiro", "Magalhães",
    "Carvalho", "Assunção", "Barbosa", "Nóbrega", "Teixeira", "Moreira", "Falcão",
)  # fmt: skip
OCCUPATIONS = ("Dentista", "Economista", "Comerciante", "Jornalista", "Motorista", "Analista", "Docente", "")
# Area code, city, state.
PLACES = (
    ("11", "São Paulo", "SP"), ("21", "Rio de Janeiro", "RJ"), ("31", "Belo Horizonte", "MG"),
    ("41", "Curitiba", "PR"), ("47", "Joinville", "SC"), ("51", "Porto Alegre", "RS"),
    ("61", "Brasília", "DF"), ("71", "Salvador", "BA"), ("81", "Recife", "PE"), ("85", "Fortaleza", "CE"),
)  # fmt: skip

# Steps that share no factor with the range, so that no two of a range's places are alike.
_STEP = 387_420_499
_CPFS = 999_999_990
_NUMBERS_OF_AREA = 40_000_000
_PHONES = _NUMBERS_OF_AREA * len(PLACES)


@dataclass(frozen=True)
class Brazilian:
    """One person. `cpf` has eleven digits, `phones` are in E.164; one or two of each kind of contact."""

    name: str
    cpf: str
    emails: tuple[str, ...]
    phones: tuple[str, ...]
    city: str
    state: str
    birth_date: str
    gender: str
    occupation: str


@dataclass(frozen=True)
class People:
    """The known ones, by each thing that is asked for: E.164, lower-case address, eleven digits."""

    by_phone: Mapping[str, Brazilian]
    by_email: Mapping[str, Brazilian]
    by_cpf: Mapping[str, Brazilian]


def brazilian(seed: int, n: int) -> Brazilian:
    """The n-th person (0 to 199,999,999) of a seed. No two of a seed share a CPF, a phone or an address."""
    draw = Draw(seed, "brazilian", n)
    first, gender = draw.pick(FIRST_NAMES)
    last = draw.pick(LAST_NAMES)
    has_two_phones, has_two_emails = draw.chance() < 0.3, draw.chance() < 0.3
    phones = tuple(_phone(seed, 2 * n + k) for k in range(1 + has_two_phones))
    local = f"{plain(first)}.{plain(last)}{n}"
    _, city, state = next(place for place in PLACES if phones[0].startswith(f"+55{place[0]}"))
    return Brazilian(
        name=f"{first} {last}",
        cpf=_cpf(seed, n),
        emails=(f"{local}@example.com", f"{local}@correio.example.com")[: 1 + has_two_emails],
        phones=phones,
        city=city,
        state=state,
        birth_date=f"{1945 + draw.below(60)}-{1 + draw.below(12):02d}-{1 + draw.below(28):02d}",
        gender=gender,
        occupation=draw.pick(OCCUPATIONS),
    )


@cache
def people_index(seed: int) -> People:
    """The KNOWN first people of a seed, made once."""
    people = [brazilian(seed, n) for n in range(KNOWN)]
    return People(
        by_phone={phone: person for person in people for phone in person.phones},
        by_email={email: person for person in people for email in person.emails},
        by_cpf={person.cpf: person for person in people},
    )


def _cpf(seed: int, n: int) -> str:
    place = (number(seed, "cpf") + n * _STEP) % _CPFS
    # Nine equal digits are left out: they would make a CPF of eleven equal ones, which is nobody's.
    for digit in range(10):
        place += place >= digit * 111_111_111
    digits = [int(digit) for digit in f"{place:09d}"]
    for weight in (10, 11):
        total = sum((weight - at) * digit for at, digit in enumerate(digits))
        digits.append(-total % 11 % 10)
    return "".join(map(str, digits))


def _phone(seed: int, place: int) -> str:
    """A mobile number: area code, 9, and eight digits of which the first is 6 to 9."""
    area, rest = divmod((number(seed, "phone") + place * _STEP) % _PHONES, _NUMBERS_OF_AREA)
    return f"+55{PLACES[area][0]}9{60_000_000 + rest}"
