"""Operations over many series: their language, and what they compute."""
