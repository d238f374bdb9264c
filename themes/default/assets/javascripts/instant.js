// instant
