"""What Python reads from pickles that were written elsewhere: `unpickle.py FILE`, in which each line is one, in base64.

Prints one JSON object a line: `value` (typed) and `again`, the same value as Python pickles it, in protocols 3 to 5.
"""

import base64
import json
import pickle
import sys

from typed_values import to_typed

for line in open(sys.argv[1]):
    value = pickle.loads(base64.b64decode(line))
    again = [base64.b64encode(pickle.dumps(value, protocol)).decode() for protocol in range(3, pickle.HIGHEST_PROTOCOL + 1)]
    print(json.dumps({"value": to_typed(value), "again": again}))
