# SPDX-License-Identifier: MIT
"""All cases of the field."""

import field_causes  # noqa: F401, each registers its own
import field_devices  # noqa: F401, each registers its own
import field_direction  # noqa: F401
import field_gap  # noqa: F401
import field_healthy  # noqa: F401
import field_last_rule  # noqa: F401
import field_rules  # noqa: F401
import field_told  # noqa: F401
import field_uncounted  # noqa: F401
