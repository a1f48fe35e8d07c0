using Xunit;

namespace KmsOperator.UnitTests.Schema;

/// <summary>With <c>UPDATE_API_REFERENCE=1</c> (<c>make api-reference</c>) the page is written before it is compared.</summary>
public sealed class ApiReferenceTests
{
    [Fact]
    public void The_API_reference_is_what_the_CRDs_say()
    {
        var file = RepositoryFiles.Path("docs", "api.md");
        var wanted = ApiReference.Write();
        if (Environment.GetEnvironmentVariable("UPDATE_API_REFERENCE") == "1")
        {
            File.WriteAllText(file, wanted);
        }

        Assert.True(wanted == File.ReadAllText(file), "docs/api.md is not what the CRDs say: run make api-reference");
    }
}
