"""An answer that is not JSON: its bytes, and what tables can be made of it."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from bursar_client.errors import MissingExtra

if TYPE_CHECKING:
    import pyarrow

JSON: Final = "application/json"
CSV: Final = "text/csv"
PARQUET: Final = "application/vnd.apache.parquet"
ARROW: Final = "application/vnd.apache.arrow.stream"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, kw_only=True, slots=True)
class Content:
    """Bytes of a media type. `headers` (lower case) date them: `as-of-position`, `as-of-recorded-at`."""

    media_type: str
    data: bytes
    headers: Mapping[str, str]

    @property
    def text(self) -> str:
        """The bytes as UTF-8 text."""
        return self.data.decode()

    def to_arrow(self) -> pyarrow.Table:
        """Read an Arrow stream, a Parquet file or a CSV as a table.

        Raises MissingExtra without pyarrow, ValueError for a media type that is no table.
        """
        try:
            import pyarrow as arrow
            import pyarrow.csv
            import pyarrow.parquet
        except ImportError as error:
            raise MissingExtra("tables need pyarrow: pip install 'bursar-client[arrow]'") from error
        match self.media_type:
            case "application/vnd.apache.arrow.stream":
                with arrow.ipc.open_stream(self.data) as stream:
                    return stream.read_all()
            case "application/vnd.apache.parquet":
                return pyarrow.parquet.read_table(io.BytesIO(self.data))
            case "text/csv":
                return pyarrow.csv.read_csv(io.BytesIO(self.data))
        raise ValueError(f"{self.media_type} is no table; ask for {ARROW}, {PARQUET} or {CSV}")

    def to_pandas(self) -> Any:
        """Read the same as a pandas DataFrame. Raises MissingExtra without pandas or pyarrow."""
        table = self.to_arrow()
        if find_spec("pandas") is None:
            raise MissingExtra("data frames need pandas: pip install 'bursar-client[pandas]'")
        return table.to_pandas()
