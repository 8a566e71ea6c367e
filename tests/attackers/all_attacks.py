"""All attacks, in the order of the table."""

import handshakes  # noqa: F401, I001 - each of these adds its attacks to the list
import frames  # noqa: F401
import bombs  # noqa: F401
import connections  # noqa: F401
import readers  # noqa: F401
import processes  # noqa: F401
from attack import ATTACKS, Target  # noqa: F401
