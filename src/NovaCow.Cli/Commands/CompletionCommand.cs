using System.CommandLine;

namespace NovaCow.Cli.Commands;

internal static class CompletionCommand
{
    private const string Bash = """
        _novacow() {
          local IFS=$'\n'
          COMPREPLY=($(compgen -W "$(novacow "[suggest:$COMP_POINT]" "$COMP_LINE" 2>/dev/null)" \
            -- "${COMP_WORDS[COMP_CWORD]}"))
        }
        complete -F _novacow novacow
        """;

    private const string Zsh = """
        #compdef novacow
        _novacow() {
          local -a words_found
          words_found=("${(@f)$(novacow "[suggest:$CURSOR]" "$BUFFER" 2>/dev/null)}")
          compadd -a words_found
        }
        compdef _novacow novacow
        """;

    private const string Fish = """
        complete -c novacow -f -a \
          '(novacow "[suggest:"(commandline -C)"]" (commandline -cp) 2>/dev/null)'
        """;

    public static Command Create(Terminal terminal)
    {
        var shell = new Argument<string>("SHELL");
        shell.AcceptOnlyFromAmong("bash", "zsh", "fish");
        var command = new Command("completion", "Print a script that completes commands in a shell")
        {
            shell,
        };
        command.SetAction(parsed => terminal.WriteLine(parsed.GetRequiredValue(shell) switch
        {
            "zsh" => Zsh,
            "fish" => Fish,
            _ => Bash,
        }));
        return command.WithExamples("source <(novacow completion bash)");
    }
}
