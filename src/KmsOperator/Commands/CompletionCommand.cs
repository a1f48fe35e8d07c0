using System.CommandLine;

namespace KmsOperator.Commands;

/// <summary><c>kms-operator completion</c>: a script by which a shell completes verbs, options and their values. The executable itself knows them.</summary>
internal static class CompletionCommand
{
    private static readonly string[] Shells = ["bash", "zsh", "fish"];

    /// <summary>The command.</summary>
    /// <param name="executable">The file name that is completed.</param>
    public static Command Create(string executable)
    {
        var shell = new Argument<string>("shell") { Description = "bash, zsh or fish." };
        shell.CompletionSources.Add(Shells);
        shell.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string>() is { } given && !Shells.Contains(given))
            {
                result.AddError($"shell: '{given}' is not {string.Join(", ", Shells[..^1])} or {Shells[^1]}.");
            }
        });
        var command = new Command("completion", "Print a script that completes verbs and options in a shell.") { shell };
        command.SetAction(result => result.InvocationConfiguration.Output.Write(Script(result.GetValue(shell)!).Replace("{name}", executable, StringComparison.Ordinal)));
        return command;
    }

    // [suggest:N] is System.CommandLine's directive: what can stand at the Nth character of the line.
    private static string Script(string shell) => shell switch
    {
        "bash" => """
            # source <({name} completion bash)
            _{name}_complete() {
                local IFS=$'\n' words
                words="$({name} "[suggest:${COMP_POINT}]" "${COMP_LINE}" 2>/dev/null)"
                COMPREPLY=($(compgen -W "${words}" -- "${COMP_WORDS[COMP_CWORD]}"))
            }
            complete -o default -F _{name}_complete {name}

            """,
        "zsh" => """
            #compdef {name}
            # A file _{name} in a folder of $fpath, or: source <({name} completion zsh)
            _{name}() {
                local -a words_found
                words_found=("${(@f)$({name} "[suggest:${CURSOR}]" "${BUFFER}" 2>/dev/null)}")
                if [[ -n "${words_found[1]}" ]]; then compadd -- "${words_found[@]}"; else _files; fi
            }
            compdef _{name} {name}

            """,
        _ => """
            # {name} completion fish | source
            complete -c {name} -a '({name} "[suggest:"(string length -- (commandline -cp))"]" (commandline -cp) 2>/dev/null)'

            """,
    };
}
