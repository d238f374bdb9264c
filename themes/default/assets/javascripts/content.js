// content
