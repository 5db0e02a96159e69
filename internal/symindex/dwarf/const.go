package dwarf

// A Tag says what a DIE is.
type Tag uint16

// The tags that matter here.
const (
	TagClass      Tag = 0x02
	TagLexBlock   Tag = 0x0b
	TagCompile    Tag = 0x11
	TagStructure  Tag = 0x13
	TagUnion      Tag = 0x17
	TagInlined    Tag = 0x1d
	TagModule     Tag = 0x1e
	TagCatch      Tag = 0x25
	TagSubprogram Tag = 0x2e
	TagTry        Tag = 0x32
	TagNamespace  Tag = 0x39
	TagPartial    Tag = 0x3c
	TagSkeleton   Tag = 0x4a
)

const (
	attrSibling    = 0x01
	attrName       = 0x03
	attrStmtList   = 0x10
	attrLowPC      = 0x11
	attrHighPC     = 0x12
	attrLanguage   = 0x13
	attrCompDir    = 0x1b
	attrOrigin     = 0x31
	attrSpec       = 0x47
	attrRanges     = 0x55
	attrCallFile   = 0x58
	attrCallLine   = 0x59
	attrLinkage    = 0x6e
	attrStrBase    = 0x72
	attrAddrBase   = 0x73
	attrRangesBase = 0x74
	attrDwoName    = 0x76

	// Before DWARF 5 had them.
	attrMIPSLinkage   = 0x2007
	attrGNUDwoName    = 0x2130
	attrGNUDwoID      = 0x2131
	attrGNURangesBase = 0x2132
	attrGNUAddrBase   = 0x2133
)

const (
	formAddr        = 0x01
	formBlock2      = 0x03
	formBlock4      = 0x04
	formData2       = 0x05
	formData4       = 0x06
	formData8       = 0x07
	formString      = 0x08
	formBlock       = 0x09
	formBlock1      = 0x0a
	formData1       = 0x0b
	formFlag        = 0x0c
	formSdata       = 0x0d
	formStrp        = 0x0e
	formUdata       = 0x0f
	formRefAddr     = 0x10
	formRef1        = 0x11
	formRef2        = 0x12
	formRef4        = 0x13
	formRef8        = 0x14
	formRefUdata    = 0x15
	formIndirect    = 0x16
	formSecOffset   = 0x17
	formExprloc     = 0x18
	formFlagPresent = 0x19
	formStrx        = 0x1a
	formAddrx       = 0x1b
	formRefSup4     = 0x1c
	formStrpSup     = 0x1d
	formData16      = 0x1e
	formLineStrp    = 0x1f
	formRefSig8     = 0x20
	formImplicit    = 0x21
	formLoclistx    = 0x22
	formRnglistx    = 0x23
	formRefSup8     = 0x24
	formStrx1       = 0x25
	formStrx2       = 0x26
	formStrx3       = 0x27
	formStrx4       = 0x28
	formAddrx1      = 0x29
	formAddrx2      = 0x2a
	formAddrx3      = 0x2b
	formAddrx4      = 0x2c
	formGNUAddrx    = 0x1f01
	formGNUStrx     = 0x1f02
	formGNURefAlt   = 0x1f20
	formGNUStrpAlt  = 0x1f21
)

// LanguageGo is what a Go unit has; it is read no further.
const LanguageGo = 0x16

// Unit types of DWARF 5.
const (
	unitType         = 2
	unitSkeleton     = 4
	unitSplitCompile = 5
	unitSplitType    = 6
)
