"""Operations: one file a verb, each a public function that the command line calls."""
