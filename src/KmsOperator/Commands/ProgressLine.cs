using System.Globalization;

namespace KmsOperator.Commands;

/// <summary>Shows at a terminal how far a verb is.</summary>
internal static class ProgressLine
{
    /// <summary>Writes and rewrites one line; null where nobody looks.</summary>
    /// <param name="errors">Where the line goes.</param>
    public static Action<int, int>? For(TextWriter errors)
    {
        if (!ReferenceEquals(errors, Console.Error) || Console.IsErrorRedirected)
        {
            return null;
        }

        return (done, all) =>
        {
            // What comes next begins at the start of an empty line.
            errors.Write(done < all ? string.Create(CultureInfo.InvariantCulture, $"\r{done}/{all} resources") : "\r\u001b[K");
        };
    }
}
