//! articles → readers: one file a format.
