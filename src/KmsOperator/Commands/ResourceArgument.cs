using System.CommandLine;
using KmsOperator.Inspection;

namespace KmsOperator.Commands;

/// <summary>The argument that names a ServiceKey or KeyReplica.</summary>
internal static class ResourceArgument
{
    /// <summary>Refuses what can be no name, and options that the verb does not have: the parser takes those for names.</summary>
    /// <param name="argument">The argument.</param>
    /// <param name="verb">The verb, for messages.</param>
    public static void Check(Argument argument, string verb) => argument.Validators.Add(result =>
    {
        if (result.Tokens is not [{ Value: var text }])
        {
            return;
        }

        if (text.StartsWith('-'))
        {
            result.AddError($"Unrecognized command or argument '{text}'.");
        }
        else if (NamedResource.Parse(text, "") is null)
        {
            result.AddError($"{verb}: '{text}' names neither a ServiceKey (NAME or sk/NAME) nor a KeyReplica (kr/NAME).");
        }
    });
}
