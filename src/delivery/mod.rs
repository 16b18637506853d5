//! editions → subscribers: claim, sign, relay, outcome.
