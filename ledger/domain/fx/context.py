"""Foreign exchange's part of the book."""

from typing import Final

from contracts import events as e
from contracts.commands import fx as c
from ledger.domain.contexts import Context
from ledger.domain.fx import positions, quotes, rates, terms

CONTEXT: Final = Context(
    deciders={
        c.DefineFx: terms.decide_define,
        c.PublishRate: rates.decide_publish,
        c.RequestQuote: quotes.decide_request,
        c.RevaluePositions: positions.decide_revalue,
    },
    evolvers={
        e.FxDefined: terms.evolve_defined,
        e.RatePublished: rates.evolve_published,
        e.QuoteGiven: quotes.evolve_given,
        e.PositionsRevalued: positions.evolve_revalued,
    },
    touches={
        c.DefineFx: terms.touch_define,
        c.PublishRate: rates.touch_publish,
        c.RequestQuote: quotes.touch_request,
        c.RevaluePositions: positions.touch_revalue,
    },
    follows={c.RequestQuote: quotes.follow_request, c.RevaluePositions: positions.follow_revalue},
    records={terms.FX: terms.FxTerms, rates.RATE: rates.Rate, quotes.QUOTE: quotes.Quote},
)
