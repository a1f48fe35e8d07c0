using System.Text;

namespace KmsOperator.Importing.Objects;

/// <summary>Commands after which the other operator keeps the keys when its objects are deleted.</summary>
internal static class LetGoScript
{
    /// <summary>A script for a shell.</summary>
    /// <param name="imported">The objects of the imported keys.</param>
    public static string Write(IEnumerable<ForeignSource> imported)
    {
        var text = new StringBuilder();
        text.Append("#!/bin/sh\n# After this the other operator leaves the keys alone when its objects are deleted. Look at the result before you delete them.\nset -eu\n");
        foreach (var command in imported.Select(source => source.LetGo).Distinct())
        {
            text.Append(command.ReplaceLineEndings(" ")).Append('\n');
        }

        return text.ToString();
    }
}
