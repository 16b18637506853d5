//! articles → editions: select, compose, freeze.
