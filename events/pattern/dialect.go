package pattern

// A Dialect is one service's form of the language. The zero value is none of them: Compile refuses it.
type Dialect uint8

const (
	// Mapping is FilterCriteria of a Lambda event source mapping. An exact number is compared by its
	// text (300 is not 300.0), as the Lambda developer guide says; numeric compares by value.
	Mapping Dialect = 1 + iota
	// Rule is the EventPattern of an EventBridge rule. Exact numbers are compared by value.
	Rule
	// Policy is an SNS filter policy of scope MessageAttributes: flat, at most five keys.
	Policy
	// PolicyBody is an SNS filter policy of scope MessageBody: as Policy, and keys may nest.
	PolicyBody

	strict Dialect = 0x80
)

// Strict returns d without the operators that the service is known, or reported, to refuse in places:
// suffix, equals-ignore-case, $or, wildcard and the operator forms of prefix and anything-but for mapping filters;
// wildcard for SNS; operands of numeric beyond the documented range for EventBridge and SNS.
func (d Dialect) Strict() Dialect { return d | strict }

func (d Dialect) String() string {
	name := d.rules().name
	if d&strict != 0 {
		name = "strict " + name
	}
	return name
}

// Limits of all dialects.
const (
	maxPatternDepth = 100   // objects and arrays inside each other in a pattern
	maxEventDepth   = 1000  // objects and arrays inside each other in an event
	maxAlternatives = 1000  // conjunctions that the $or of one pattern may multiply to
	maxFields       = 10000 // keys in all these conjunctions together
	maxStars        = 5     // wildcards in one operand; EventBridge is known to refuse six
)

type feature uint8

const (
	featSuffix feature = 1 << iota
	featFold
	featOr
	featWildcard
	featNested // operators inside prefix, suffix and anything-but

	featAll feature = 1<<iota - 1
)

// rules are the facts of a dialect.
type rules struct {
	name         string
	maxBytes     int     // of a pattern's text
	features     feature // operators beyond those that all dialects have
	numbersText  bool    // exact numbers compare by text
	flat         bool    // no nested keys
	maxKeys      int     // leaves; 0: no limit of its own
	maxCombined  int     // product of list lengths times their depths; 0: no limit
	numericLimit float64 // largest absolute operand of numeric; 0: no limit
}

func (d Dialect) rules() rules {
	isStrict := d&strict != 0
	r := rules{features: featAll}
	switch d &^ strict {
	case Mapping:
		r.name, r.maxBytes, r.numbersText = "mapping filter", 4096, true
		if isStrict {
			r.features = 0
		}
	case Rule:
		r.name, r.maxBytes = "EventBridge rule", 4096
		if isStrict {
			r.numericLimit = 5e9
		}
	case Policy, PolicyBody:
		r.name, r.maxBytes, r.maxKeys, r.maxCombined = "SNS filter policy", 256<<10, 5, 150
		r.flat = d&^strict == Policy
		if isStrict {
			r.features &^= featWildcard
			r.numericLimit = 1e9
		}
	default:
		r.name = "unknown dialect"
	}
	return r
}
