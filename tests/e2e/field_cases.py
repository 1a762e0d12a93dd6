# SPDX-License-Identifier: MIT
"""All cases of the field."""

import field_gap  # noqa: F401, each registers its own
import field_healthy  # noqa: F401
import field_rules  # noqa: F401
