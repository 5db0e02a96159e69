package cli

import (
	"flag"
	"fmt"
	"io"
	"strings"
)

// completion prints the script of a shell. The words are in the script: it need not run
// the program at each key.
func (a *App) completion(env *Env, args []string) error {
	if len(args) != 1 {
		return Usage("want one shell: bash, zsh or fish")
	}
	var b strings.Builder
	switch args[0] {
	case "bash":
		a.bash(&b)
	case "zsh":
		a.zsh(&b)
	case "fish":
		a.fish(&b)
	}
	_, err := io.WriteString(env.Out, b.String())
	return err
}

// flagsOf are the flags of a command, -h at the end.
func flagsOf(c Command) []*flag.Flag {
	flags := flag.NewFlagSet(c.Name, flag.ContinueOnError)
	c.Setup(flags)
	var list []*flag.Flag
	flags.VisitAll(func(f *flag.Flag) { list = append(list, f) })
	return append(list, &flag.Flag{Name: "h", Usage: "help"})
}

// firstSentence is what fits behind a word in a list of completions.
func firstSentence(text string) string {
	text = strings.ReplaceAll(text, "`", "")
	if i := strings.IndexAny(text, ".;:"); i > 0 {
		text = text[:i]
	}
	return text
}

// quoted puts a text between single quotes, for all three shells.
func quoted(text string) string {
	return "'" + strings.NewReplacer(`'`, "’", `\`, "").Replace(text) + "'"
}

// bash answers with the words that fit; where there are none, -o default completes files.
func (a *App) bash(b *strings.Builder) {
	fmt.Fprintf(b, "_%s() {\n    local words=\n    if [ \"$COMP_CWORD\" -eq 1 ]; then\n        words=%s\n    else\n        case ${COMP_WORDS[1]} in\n",
		a.Name, quoted(strings.Join(a.names(), " ")))
	for _, c := range a.all() {
		fmt.Fprintf(b, "        %s)\n            case $2 in\n", c.Name)
		var flags []string
		for _, f := range flagsOf(c) {
			flags = append(flags, "-"+f.Name)
		}
		fmt.Fprintf(b, "            -*) words=%s ;;\n", quoted(strings.Join(flags, " ")))
		if len(c.Words) > 0 {
			fmt.Fprintf(b, "            *) [ \"$COMP_CWORD\" -eq 2 ] && words=%s ;;\n", quoted(strings.Join(c.Words, " ")))
		}
		b.WriteString("            esac ;;\n")
	}
	fmt.Fprintf(b, "        esac\n    fi\n    COMPREPLY=($(compgen -W \"$words\" -- \"$2\"))\n}\ncomplete -o default -F _%s %s\n", a.Name, a.Name)
}

// zsh is for the function's file in $fpath, and for source.
func (a *App) zsh(b *strings.Builder) {
	fmt.Fprintf(b, "#compdef %s\n_%s() {\n    if (( CURRENT == 2 )); then\n        local -a commands=(\n", a.Name, a.Name)
	for _, c := range a.all() {
		fmt.Fprintf(b, "            %s\n", quoted(c.Name+":"+c.Short))
	}
	b.WriteString("        )\n        _describe command commands\n        return\n    fi\n    local command=$words[2]\n" +
		"    words=(\"${words[@]:1}\")\n    (( CURRENT-- ))\n    case $command in\n")
	escape := strings.NewReplacer("[", "(", "]", ")", ":", ";")
	for _, c := range a.all() {
		fmt.Fprintf(b, "    %s)\n        _arguments", c.Name)
		for _, f := range flagsOf(c) {
			value, text := flag.UnquoteUsage(f)
			spec := "-" + f.Name + "[" + escape.Replace(firstSentence(text)) + "]"
			if f.Name != "h" && value != "" {
				spec += ":" + escape.Replace(value) + ":_files"
			}
			b.WriteString(" \\\n            " + quoted(spec))
		}
		if len(c.Words) > 0 {
			b.WriteString(" \\\n            " + quoted("1:argument:("+strings.Join(c.Words, " ")+")"))
		}
		b.WriteString(" \\\n            '*:file:_files' ;;\n")
	}
	fmt.Fprintf(b, "    esac\n}\nif [ \"${funcstack[1]}\" = _%s ]; then\n    _%s \"$@\"\nelse\n    compdef _%s %s\nfi\n", a.Name, a.Name, a.Name, a.Name)
}

func (a *App) fish(b *strings.Builder) {
	for _, c := range a.all() {
		fmt.Fprintf(b, "complete -c %s -n __fish_use_subcommand -f -a %s -d %s\n", a.Name, c.Name, quoted(c.Short))
		is := quoted("__fish_seen_subcommand_from " + c.Name)
		for _, f := range flagsOf(c) {
			value, text := flag.UnquoteUsage(f)
			takes := ""
			if f.Name != "h" && value != "" {
				takes = " -r"
			}
			fmt.Fprintf(b, "complete -c %s -n %s -o %s%s -d %s\n", a.Name, is, f.Name, takes, quoted(firstSentence(text)))
		}
		if len(c.Words) > 0 {
			fmt.Fprintf(b, "complete -c %s -n %s -f -a %s\n", a.Name, is, quoted(strings.Join(c.Words, " ")))
		}
	}
}
