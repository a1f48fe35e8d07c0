using System.Text;
using KmsOperator.Policies;
using Xunit;

namespace KmsOperator.UnitTests.Policies.Pages;

public sealed class PolicyPagesTests
{
    [Fact]
    public void The_table_of_services_is_the_catalogue()
    {
        var table = new StringBuilder("| service | statements | limits | `serviceParameters` | source |\n|---|---|---|---|---|\n");
        foreach (var row in ServiceCatalogue.Services.Values)
        {
            table.Append($"| `{row.Name}` | {row.Summary}{(row.IsGeneral ? " (*)" : "")} | {LimitsOf(row.Limits)} | {string.Join(", ", row.Parameters.Keys.Select(name => $"`{name}`"))} | [page]({row.Source}) |\n");
        }

        GeneratedPage.AssertPart("policies.md", "services", table.ToString());
    }

    [Fact]
    public void The_table_of_parameters_is_the_catalogue()
    {
        var table = new StringBuilder("| field | service | without it |\n|---|---|---|\n");
        foreach (var (row, parameter) in ServiceCatalogue.Services.Values.SelectMany(row => row.Parameters.Select(parameter => (row, parameter))))
        {
            table.Append($"| `{parameter.Key}` | `{row.Name}` | `{Words(parameter.Value)}` |\n");
        }

        GeneratedPage.AssertPart("policies.md", "parameters", table.ToString());
    }

    [Theory]
    [InlineData(PolicyPreset.Canonical)]
    [InlineData(PolicyPreset.Scoped)]
    public void The_tables_of_who_can_do_what_are_what_the_evaluator_says(PolicyPreset preset) =>
        GeneratedPage.AssertPart("policies-access.md", preset.ToString(), AccessTable.Write(preset));

    [Fact]
    public void Every_row_says_where_AWS_asks_for_it_and_in_words_what_it_does() => Assert.All(ServiceCatalogue.Services.Values, row =>
    {
        Assert.Matches("^https://docs\\.aws\\.amazon\\.com/[A-Za-z0-9/._-]+\\.html$", row.Source);
        Assert.True(row.Summary.Length > 5 && !row.Summary.Contains('|', StringComparison.Ordinal));
    });

    private static string LimitsOf(ServiceLimits limits) => string.Join(", ", (string[])
    [
        .. limits.IsSymmetric ? [] : (string[])[$"`{limits.KeySpec}`, `{limits.KeyUsage}`"],
        .. limits.SingleRegionOnly ? (string[])["no multi-Region key"] : [],
        .. limits.Region is { } region ? (string[])[$"{region} only"] : [],
        .. limits.NoAlias ? (string[])["no alias"] : [],
    ]);

    private static string Words(string pattern) => pattern
        .Replace(Placeholders.Partition, "PARTITION", StringComparison.Ordinal)
        .Replace(Placeholders.Region, "REGION", StringComparison.Ordinal)
        .Replace(Placeholders.Account, "ACCOUNT", StringComparison.Ordinal);
}
