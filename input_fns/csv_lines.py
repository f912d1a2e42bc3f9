"""CSV lines into tensors, whole batches at once; and what is wrong with a line that will not go."""

import re
from collections import defaultdict

import tensorflow as tf

from kerasrun.input_fns.csv_columns import any_field_pattern, plain_text_pattern
from kerasrun.input_fns.csv_table import CsvTable

_FIELDS_PER_PATTERN = 32  # a longer pattern outgrows the memory of the regular expression engine


class LineDecoder:
    """Checks, decodes and explains the lines of one table.

    `decode` alone would do for good lines. Its errors name neither file nor line, so lines are
    checked first: by a short regular expression, which costs a quarter of what decoding does, and
    by a long one where a line of a batch is not as most are.
    """

    def __init__(self, table: CsvTable) -> None:
        self._table = table
        self._delimiter = table.dialect.delimiter
        self._na_value = table.dialect.na_value
        self._places = [table.names.index(column.name) for column in table.columns]

    def matches(self, lines: tf.Tensor) -> tf.Tensor:
        """Returns for lines `[batch]` whether each can be decoded, bool `[batch]`."""
        plain = tf.reduce_all(tf.strings.regex_full_match(lines, self._plain_pattern()))
        good = tf.ones_like(lines, dtype=tf.bool)
        return tf.cond(plain, lambda: good, lambda: self._match_exactly(lines))

    def _match_exactly(self, lines: tf.Tensor) -> tf.Tensor:
        *beginnings, end = self._patterns()
        good = tf.ones_like(lines, dtype=tf.bool)
        for pattern in beginnings:
            rest = tf.strings.regex_replace(lines, f"^(?:{pattern})", "", replace_global=False)
            good &= tf.strings.length(rest) < tf.strings.length(lines)
            lines = rest
        return good & tf.strings.regex_full_match(lines, end)

    def decode(self, lines: tf.Tensor) -> dict[str, tf.Tensor]:
        """Returns the columns of lines `[batch]`, each `[batch]` of the column's dtype."""
        values = tf.io.decode_csv(
            lines,
            [column.record_default() for column in self._table.columns],
            field_delim=self._delimiter,
            na_value=self._na_value,
            select_cols=self._places,
        )
        return {
            column.name: value for column, value in zip(self._table.columns, values, strict=True)
        }

    def fault(self, line: tf.Tensor) -> tf.Tensor:
        """Returns what is wrong with a line that does not match; both are string scalars."""
        field = any_field_pattern(self._delimiter)
        well_formed = f"{field}(?:{self._escaped}{field})*"
        count = self._field_count(line)
        return tf.case(
            [
                (~tf.strings.regex_full_match(line, "(?s).*"), lambda: tf.constant(_NOT_UTF8)),
                (~tf.strings.regex_full_match(line, well_formed), lambda: tf.constant(_BAD_QUOTES)),
                (tf.not_equal(count, len(self._table.names)), lambda: self._wrong_count(count)),
            ],
            default=lambda: self._wrong_value(line),
        )

    @property
    def _escaped(self) -> str:
        return re.escape(self._delimiter)

    def _patterns(self) -> list[str]:
        """Returns patterns that match a good line one after the other."""
        of_column = {
            column.name: column.field_pattern(self._delimiter, self._na_value)
            for column in self._table.columns
        }
        any_field = any_field_pattern(self._delimiter)
        fields = [of_column.get(name, any_field) for name in self._table.names]
        groups = [
            self._escaped.join(fields[start : start + _FIELDS_PER_PATTERN])
            for start in range(0, len(fields), _FIELDS_PER_PATTERN)
        ]
        return [group + self._escaped for group in groups[:-1]] + groups[-1:]

    def _plain_pattern(self) -> str:
        """Returns a pattern that most good lines match, and no other."""
        of_column = {
            column.name: column.plain_pattern(self._delimiter) for column in self._table.columns
        }
        any_text = plain_text_pattern(self._delimiter)
        return self._escaped.join(of_column.get(name, any_text) for name in self._table.names)

    def _field_count(self, line: tf.Tensor) -> tf.Tensor:
        bare = tf.strings.regex_replace(line, '"(?:[^"]|"")*"', "")
        return tf.strings.length(bare) - tf.strings.length(_without(bare, self._escaped)) + 1

    def _wrong_count(self, count: tf.Tensor) -> tf.Tensor:
        expected = (
            f"expected {len(self._table.names)} fields ({', '.join(self._table.names)}), found "
        )
        return tf.strings.join([expected, tf.strings.as_string(count), "."])

    def _wrong_value(self, line: tf.Tensor) -> tf.Tensor:
        columns = self._table.columns
        values = tf.stack(
            tf.io.decode_csv(
                line, [[""]] * len(columns), field_delim=self._delimiter, select_cols=self._places
            )
        )
        first_bad = self._first_bad(values)
        before = [
            f"column {place + 1} ({column.name}): expected {column.expected()}, found `"
            for place, column in zip(self._places, columns, strict=True)
        ]
        after = [f"`. {column.mend()}" for column in columns]
        return tf.strings.join([tf.gather(texts, first_bad) for texts in (before, values, after)])

    def _first_bad(self, values: tf.Tensor) -> tf.Tensor:
        """Returns which of the read columns' values `[columns]` is the first that does not fit."""
        columns_of: dict[str, list[int]] = defaultdict(list)
        for index, column in enumerate(self._table.columns):
            columns_of[column.value_pattern(self._delimiter, self._na_value)].append(index)
        bad = [
            tf.boolean_mask(
                columns, ~tf.strings.regex_full_match(tf.gather(values, columns), pattern)
            )
            for pattern, columns in columns_of.items()
        ]
        return tf.reduce_min(tf.concat(bad, axis=0))


_NOT_UTF8 = "not UTF-8 text. Save the file as UTF-8."
_BAD_QUOTES = (
    "a quoted field is not closed, or a bare field holds a quote. Fields with quotes are written "
    '"like ""this"""; no field may run over the end of its line.'
)


def _without(text: tf.Tensor, pattern: str) -> tf.Tensor:
    return tf.strings.regex_replace(text, pattern, "")
