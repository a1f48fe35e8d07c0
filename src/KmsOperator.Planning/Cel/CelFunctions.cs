using System.Globalization;
using KmsOperator.Policies;

namespace KmsOperator.Planning.Cel;

/// <summary>Finds the functions that there are.</summary>
internal static class CelFunctions
{
    private static readonly CelFunction[] All = [.. CelConversions.Functions, .. CelStrings.Functions, .. CelLists.Functions, .. CelOptionals.Functions];

    /// <summary>The function of a call.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="isMethod">Whether it is called on a value.</param>
    /// <param name="arguments">How many arguments there are, with what it is called on.</param>
    /// <param name="position">Where the call stands.</param>
    /// <exception cref="CelSyntaxException">There is none, or none with so many arguments.</exception>
    public static CelFunction Find(string name, bool isMethod, int arguments, int position)
    {
        var named = All.Where(function => function.Name == name && function.IsMethod == isMethod).ToArray();
        if (named is [])
        {
            var other = All.Any(function => function.Name == name);
            var hint = other ? isMethod ? $", it is called as {name}(x)" : $", it is called as x.{name}()"
                : Suggestion.For(name, All.Where(function => function.IsMethod == isMethod).Select(function => function.Name).Concat(isMethod ? CelMacros.ByName.Keys : ["has"]));
            throw new CelSyntaxException(position, $"there is no {(isMethod ? "method" : "function")} {name}{hint}");
        }

        return named.FirstOrDefault(function => arguments >= function.Minimum && arguments <= function.Maximum)
            ?? throw new CelSyntaxException(position, $"{name}() does not take {Count(arguments - (isMethod ? 1 : 0))}");
    }

    private static string Count(int arguments) =>
        arguments == 0 ? "no arguments" : string.Create(CultureInfo.InvariantCulture, $"{arguments} argument{(arguments == 1 ? "" : "s")}");
}
