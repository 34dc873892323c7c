output "project" { value = aws_codebuild_project.this.name }
