//! Pages for everybody: feeds, articles, leaving.
